// Every chart, drawn by Plotly in the theme's colours, and drawn anew when the theme changes.

import { wallTime } from "./format.js";
import { colour, onTheme } from "./theme.js";

const drawn = new Map();
const NARROW = 480; // pixels, as a phone shows it
const CONFIG = { displayModeBar: false, responsive: true };

function layout(extra, width) {
  const axis = { gridcolor: colour("line"), zerolinecolor: colour("muted"), linecolor: colour("line"), tickfont: { size: 11 }, automargin: true };
  const few = width < NARROW ? { nticks: 4, tickangle: 0 } : {};
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: colour("muted"), size: 11, family: "inherit" },
    margin: { l: 52, r: 12, t: 22, b: 34 }, showlegend: true,
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 11 } }, hovermode: "x unified",
    hoverlabel: { bgcolor: colour("raised"), bordercolor: colour("line"), font: { color: colour("text") } },
    ...extra,
    xaxis: { ...axis, ...few, ...extra.xaxis }, yaxis: { ...axis, ...extra.yaxis },
  };
}

export function draw(element, build) {
  drawn.set(element, build);
  const { traces, extra } = build();
  return window.Plotly.react(element, traces, layout(extra, element.clientWidth), CONFIG);
}

onTheme(() => {
  for (const [element, build] of drawn) {
    if (element.isConnected) draw(element, build);
    else drawn.delete(element);
  }
});

export function forget(element) {
  if (drawn.delete(element)) window.Plotly.purge(element);
}

const numbers = (values) => values.map(Number);

function upright(x, text, colourName, dash, level) {
  return {
    shape: { type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1, line: { color: colour(colourName), width: 1.5, dash } },
    annotation: { x, yref: "paper", y: level, yanchor: "top", xanchor: "left", text, showarrow: false, font: { size: 10, color: colour(colourName) } },
  };
}

// Payoff at expiry and today, with spot, break-evens and one standard deviation either way.
export function drawPayoff(element, payoff) {
  return draw(element, () => {
    const lines = [upright(Number(payoff.spot), ` Spot ${Number(payoff.spot).toFixed(2)}`, "accent", "solid", 0.1)];
    for (const price of numbers(payoff.break_evens ?? [])) {
      lines.push(upright(price, ` Break-even ${price.toFixed(2)}`, "soft", "dash", 0.22));
    }
    const shapes = lines.map((line) => line.shape);
    const annotations = lines.map((line) => line.annotation);
    if (payoff.sigma_low !== null && payoff.sigma_high !== null) {
      const [low, high] = [Number(payoff.sigma_low), Number(payoff.sigma_high)];
      shapes.unshift({
        type: "rect", layer: "below", x0: low, x1: high, yref: "paper", y0: 0, y1: 1,
        fillcolor: colour("accent"), opacity: 0.1, line: { width: 0 },
      });
      annotations.push({
        x: high, yref: "paper", y: 0.02, xanchor: "right", yanchor: "bottom", text: "±1σ ", showarrow: false,
        font: { size: 10, color: colour("muted") },
      });
    }
    return {
      traces: [
        { x: numbers(payoff.prices), y: numbers(payoff.at_expiry), name: "At expiry", mode: "lines", line: { color: colour("text"), width: 2 }, hovertemplate: "%{y:$,.0f}" },
        { x: numbers(payoff.prices), y: numbers(payoff.today), name: "Today", mode: "lines", line: { color: colour("accent"), width: 2, dash: "dot" }, hovertemplate: "%{y:$,.0f}" },
      ],
      extra: { shapes, annotations, xaxis: { tickprefix: "$", zeroline: false }, yaxis: { tickformat: "$,.0f" } },
    };
  });
}

// A ticket's payoff: at expiry, now, and on the date and at the volatility that the sliders say, with the price looked at.
export function drawWhatIf(element, payoff) {
  return draw(element, () => {
    const lines = [upright(payoff.spot, ` Spot ${payoff.spot.toFixed(2)}`, "accent", "solid", 0.1)];
    payoff.break_evens.forEach((price) => lines.push(upright(price, ` ${price.toFixed(2)}`, "soft", "dash", 0.2)));
    const shapes = lines.map((line) => line.shape);
    if (payoff.sigma_low !== null) {
      shapes.unshift({
        type: "rect", layer: "below", x0: payoff.sigma_low, x1: payoff.sigma_high, yref: "paper", y0: 0, y1: 1,
        fillcolor: colour("accent"), opacity: 0.1, line: { width: 0 },
      });
    }
    const curve = (name, y, line) => ({ x: payoff.prices, y, name, mode: "lines", line, hovertemplate: "%{y:$,.0f}" });
    const { point } = payoff;
    return {
      traces: [
        curve("At expiry", payoff.at_expiry, { color: colour("text"), width: 2 }),
        curve("Now", payoff.now, { color: colour("muted"), width: 1.5, dash: "dot" }),
        curve("What if", payoff.what_if, { color: colour("accent"), width: 2.5 }),
        { x: [point.price], y: [point.what_if], mode: "markers", showlegend: false, hoverinfo: "skip", marker: { color: colour("accent"), size: 10 } },
      ],
      extra: { shapes, annotations: lines.map((line) => line.annotation), xaxis: { tickprefix: "$", zeroline: false }, yaxis: { tickformat: "$,.0f" } },
    };
  });
}

export function drawSmile(element, strikes, calls, puts, spot) {
  return draw(element, () => {
    const line = upright(Number(spot), ` Spot ${Number(spot).toFixed(2)}`, "accent", "solid", 1);
    const trace = (name, values, colourName) => ({
      x: numbers(strikes), y: values.map((value) => (value === null ? null : Number(value) * 100)), name,
      mode: "lines+markers", marker: { size: 4 }, connectgaps: true, line: { color: colour(colourName), width: 2 }, hovertemplate: "%{y:.1f} %",
    });
    return {
      traces: [trace("Calls", calls, "up"), trace("Puts", puts, "down")],
      extra: { shapes: [line.shape], annotations: [line.annotation], xaxis: { tickprefix: "$" }, yaxis: { ticksuffix: " %" } },
    };
  });
}

export function drawEquity(element, series) {
  return draw(element, () => ({
    traces: series.map(({ account, points }, index) => ({
      x: points.map((point) => wallTime(point.at)), y: points.map((point) => Number(point.equity)), name: account, mode: "lines",
      line: { width: 2, color: colour(["accent", "up", "soft", "down"][index % 4]) }, hovertemplate: "%{y:$,.0f}",
    })),
    extra: { yaxis: { tickformat: "$,.0f" } },
  }));
}

// A run's walk: the market's bid and ask, the prices it asked for as steps, and the limit that none crosses.
export function drawWalk(element, { quotes, asked, limit }) {
  return draw(element, () => {
    const at = quotes.map((quote) => wallTime(quote.at));
    const line = (name, key, colourName) => ({
      x: at, y: numbers(quotes.map((quote) => quote[key])), name, mode: "lines", line: { width: 1.5, color: colour(colourName) }, hovertemplate: "%{y:.2f}",
    });
    const last = at.at(-1);
    const sent = asked.map(({ at: moment, price }) => ({ at: wallTime(moment), price }));
    const steps = [...sent, ...(sent.length && last > sent.at(-1).at ? [{ at: last, price: sent.at(-1).price }] : [])];
    return {
      traces: [
        line("Best price at once", "ask", "down"), line("Best price to rest at", "bid", "up"),
        { x: steps.map((step) => step.at), y: numbers(steps.map((step) => step.price)), name: "Asked for", mode: "lines+markers", line: { shape: "hv", width: 2.5, color: colour("accent") }, marker: { size: 6 }, hovertemplate: "%{y:.2f}" },
        { x: [at[0], last], y: [Number(limit), Number(limit)], name: "Limit", mode: "lines", line: { width: 1.5, dash: "dash", color: colour("soft") }, hovertemplate: "%{y:.2f}" },
      ],
      extra: { yaxis: { tickprefix: "$", tickformat: ".2f" } },
    };
  });
}
