"""Every control, in the order they are asked; and the run of all of them over one ticket."""

from dataclasses import replace
from decimal import Decimal

from allcore.kernel.errors import DeskError
from allcore.kernel.money import ZERO
from allcore.kernel.orders import TimeInForce
from risk.domain.controls import (
    assignment,
    capital,
    crossing,
    day_trading,
    exchange,
    fingers,
    instruments,
    levels,
    liquidity,
    losses,
    model,
    names,
    portfolio,
    positions,
    pricing,
    protocol,
    quotes,
    repeats,
    safety,
    sizes,
    terms,
    washing,
)
from risk.domain.controls.finding import Control, Finding, Scope, passed
from risk.domain.exposures import cash_required, only_reduces
from risk.domain.request import Awaits, GateRequest
from risk.domain.verdict import Assessment, CheckResult, Level, Outcome

# Where one of these says no, the others are not asked: their numbers would be somebody else's.
GATEKEEPERS = (
    Control("account", "Account", Level.SAFETY, Scope.ALL, safety.account),
    Control("environment", "Environment", Level.SAFETY, Scope.ALL, safety.environment),
    Control("kill_switch", "Kill switch", Level.SAFETY, Scope.ALL, safety.kill_switch),
)
# fmt: off
CONTROLS = (
    Control("connection", "Connection", Level.SAFETY, Scope.CLOSING_WARNED, safety.connection),
    Control("reconciled", "Reconciliation", Level.SAFETY, Scope.OPENING, safety.reconciled),
    Control("name_rules", "Rules of the name", Level.RISK_HARD, Scope.ALL, names.name_rules),
    Control("earnings_before", "Earnings ahead", Level.RISK_SOFT, Scope.OPENING, names.before_earnings),
    Control("earnings_after", "Earnings behind", Level.RISK_SOFT, Scope.OPENING, names.after_earnings),
    Control("listed", "Instrument", Level.BROKER, Scope.ALL, instruments.listed),
    Control("alive", "Expired contract", Level.BROKER, Scope.ALL, instruments.alive),
    Control("standard", "Adjusted contract", Level.BROKER, Scope.OPENING, instruments.standard),
    Control("position_effect", "Open or close", Level.BROKER, Scope.ALL, instruments.position_effect),
    Control("broker_takes", "What the broker takes", Level.BROKER, Scope.ALL, terms.broker_takes),
    Control("time_in_force", "Time in force", Level.BROKER, Scope.ALL, terms.time_in_force),
    Control("market_hours", "Market hours", Level.SAFETY, Scope.ALL, safety.market_hours),
    Control("expiry_day", "Last hours before expiry", Level.RISK_HARD, Scope.OPENING, positions.expiry_day),
    Control("quote_quality", "Quote quality", Level.SAFETY, Scope.CLOSING_WARNED, quotes.quality),
    Control("quote_age", "Age of the quote", Level.SAFETY, Scope.CLOSING_WARNED, quotes.leg_ages),
    Control("spot_age", "Age of the underlying's quote", Level.SAFETY, Scope.CLOSING_WARNED, quotes.spot_age),
    Control("quote_width", "Width of the quote", Level.RISK_SOFT, Scope.OPENING, quotes.width),
    Control("open_interest", "Open interest", Level.RISK_SOFT, Scope.OPENING, liquidity.interest),
    Control("order_of_interest", "Order beside interest", Level.RISK_SOFT, Scope.OPENING, liquidity.share_of_interest),
    Control("order_of_display", "Order beside display", Level.RISK_SOFT, Scope.OPENING, liquidity.share_of_display),
    Control("tick", "Price step", Level.BROKER, Scope.ALL, pricing.tick),
    Control("price_possible", "Possible price", Level.SAFETY, Scope.ALL, pricing.possible),
    Control("price_collar", "Price collar", Level.SAFETY, Scope.ALL, pricing.collar),
    Control("price_from_mid", "Distance from the middle", Level.SAFETY, Scope.ALL, pricing.mid_collar),
    Control("price_from_model", "Distance from the model", Level.RISK_SOFT, Scope.OPENING, model.price_from_model),
    Control("market_width", "Order without a limit", Level.SAFETY, Scope.ALL, pricing.without_limit),
    Control("stop_side", "Side of the stop", Level.SAFETY, Scope.ALL, pricing.stop_side),
    Control("fat_finger", "Fat finger", Level.RISK_SOFT, Scope.OPENING, fingers.fat_finger),
    Control("order_contracts", "Contracts of one order", Level.RISK_SOFT, Scope.OPENING, sizes.contracts),
    Control("order_premium", "Premium of one order", Level.RISK_SOFT, Scope.OPENING, sizes.premium),
    Control("order_delta", "Delta of one order", Level.RISK_SOFT, Scope.OPENING, sizes.delta_notional),
    Control("order_notional", "Notional of one order", Level.RISK_SOFT, Scope.OPENING, sizes.notional),
    Control("notional_day", "Notional of the day", Level.RISK_SOFT, Scope.OPENING, sizes.notional_day),
    Control("structure_loss", "Loss of the structure", Level.RISK_SOFT, Scope.OPENING, sizes.structure_loss),
    Control("duplicate", "Same order again", Level.SAFETY, Scope.ALL, repeats.duplicate),
    Control("self_trade", "Trade with oneself", Level.SAFETY, Scope.ALL, crossing.self_trade),
    Control("messages_minute", "Messages a minute", Level.RISK_SOFT, Scope.ALL, repeats.a_minute),
    Control("messages_second", "Messages a second", Level.RISK_SOFT, Scope.ALL, repeats.a_second),
    Control("order_replaces", "Changes of the order", Level.RISK_HARD, Scope.ALL, repeats.replaces),
    Control("repeated_fills", "Repeated execution", Level.RISK_HARD, Scope.OPENING, repeats.repeated),
    Control("open_orders", "Open orders of the account", Level.RISK_HARD, Scope.OPENING, repeats.open_orders),
    Control("open_orders_name", "Open orders in the name", Level.RISK_HARD, Scope.OPENING, repeats.open_orders_in_name),
    Control("naked_calls", "Uncovered calls", Level.BROKER, Scope.OPENING, positions.naked_calls),
    Control("short_stock", "Short stock", Level.BROKER, Scope.ALL, positions.short_stock),
    Control("option_level", "The broker's option level", Level.BROKER, Scope.OPENING, levels.option_level),
    Control("exchange_position", "The exchanges' position limit", Level.BROKER, Scope.OPENING, exchange.same_side),
    Control("time_value", "Time value left", Level.RISK_SOFT, Scope.OPENING, assignment.time_value),
    Control("early_exercise", "Exercise for a dividend", Level.RISK_SOFT, Scope.OPENING, assignment.dividend),
    Control("position_contracts", "Contracts in the name", Level.RISK_HARD, Scope.OPENING, positions.contracts_in_name),
    Control("positions", "Number of positions", Level.RISK_HARD, Scope.OPENING, positions.positions),
    Control("cash_secured", "Cash secured", Level.RISK_HARD, Scope.CLOSING_WARNED, capital.cash_secured),
    Control("day_trading", "Day trading", Level.BROKER, Scope.CLOSING_WARNED, day_trading.day_trading),
    Control("buffer", "Cash buffer", Level.RISK_HARD, Scope.OPENING, capital.buffer),
    Control("deployment", "Deployment", Level.RISK_HARD, Scope.OPENING, capital.deployment),
    Control("name_account", "One name in the account", Level.RISK_SOFT, Scope.OPENING, capital.name_of_account),
    Control("name_household", "One name in all accounts", Level.RISK_SOFT, Scope.OPENING, capital.name_of_household),
    Control("risk_age", "Watch over the risk", Level.SAFETY, Scope.CLOSING_WARNED, portfolio.risk_age),
    Control("net_delta", "Delta of the account", Level.RISK_SOFT, Scope.OPENING, portfolio.net_delta),
    Control("beta_delta", "Delta by beta", Level.RISK_SOFT, Scope.OPENING, portfolio.beta_delta),
    Control("vega", "Vega of the account", Level.RISK_SOFT, Scope.OPENING, portfolio.vega),
    Control("short_gamma", "Short gamma", Level.RISK_SOFT, Scope.OPENING, portfolio.short_gamma),
    Control("stress_loss", "Stress", Level.RISK_HARD, Scope.OPENING, portfolio.stress_loss),
    Control("name_stress", "Stress of one name", Level.RISK_SOFT, Scope.OPENING, portfolio.name_stress),
    Control("var_99", "Value at risk", Level.RISK_HARD, Scope.OPENING, portfolio.value_at_risk),
    Control("expiry_share", "One expiry", Level.RISK_SOFT, Scope.OPENING, portfolio.expiry),
    Control("sector", "One sector", Level.RISK_SOFT, Scope.OPENING, portfolio.sector),
    Control("cluster", "Names that fall together", Level.RISK_SOFT, Scope.OPENING, portfolio.correlated),
    Control("concentration", "Concentration", Level.RISK_SOFT, Scope.OPENING, portfolio.concentration),
    Control("day_loss", "Loss of the day", Level.RISK_HARD, Scope.OPENING, capital.day_loss),
    Control("week_loss", "Loss of the week", Level.RISK_SOFT, Scope.OPENING, losses.week_loss),
    Control("strategy_loss", "Loss of the strategy", Level.RISK_SOFT, Scope.OPENING, losses.strategy_loss),
    Control("losses_in_row", "Losses in a row", Level.RISK_SOFT, Scope.OPENING, losses.losses_in_row),
    Control("wash_sale", "Wash sale", Level.ADVISORY, Scope.OPENING, washing.wash_sale),
    Control("universe", "Approved names", Level.PROTOCOL_HARD, Scope.OPENING, protocol.universe),
    Control("strategy", "Kind of trade", Level.PROTOCOL_HARD, Scope.OPENING, protocol.strategy),
    Control("delta_range", "Delta range", Level.PROTOCOL_HARD, Scope.OPENING, protocol.delta_range),
    Control("entry_window", "Entry day and time", Level.PROTOCOL_SOFT, Scope.OPENING, protocol.entry_window),
    Control("dte_window", "Sessions to expiry", Level.PROTOCOL_SOFT, Scope.OPENING, protocol.dte_window),
)
# fmt: on

# What the market decides is asked when an order that waits is released: its limit is not meant for this moment.
AT_RELEASE: dict[Awaits, frozenset[str]] = {
    Awaits.TRIGGER: frozenset({"price_collar", "price_from_mid", "price_from_model", "self_trade", "order_of_display"}),
    Awaits.PARENT: frozenset(
        {
            "price_collar",
            "price_from_mid",
            "price_from_model",
            "market_width",
            "stop_side",
            "quote_quality",
            "quote_age",
            "spot_age",
            "quote_width",
            "order_of_display",
            "time_value",
            "duplicate",
            "self_trade",
        }
    ),
}
BEFORE_THE_OPEN = frozenset(
    {
        "quote_quality",
        "quote_age",
        "spot_age",
        "quote_width",
        "order_of_display",
        "market_width",
        "price_from_model",
        "time_value",
        "early_exercise",
    }
)


def assess(request: GateRequest) -> Assessment:
    """Ask every control. None is left out because another failed, save after a gatekeeper's no."""
    is_closing = _is_closing(request)
    results = [_ask(control, request, is_closing=is_closing) for control in GATEKEEPERS]
    if not any(result.outcome is Outcome.HARD_BLOCK for result in results):
        results += [_ask(control, request, is_closing=is_closing) for control in CONTROLS]
    return Assessment(
        results=tuple(results),
        cash_required=_cash(request),
        quantity=request.quantity,
        is_closing=is_closing,
    )


def _ask(control: Control, request: GateRequest, *, is_closing: bool) -> CheckResult:
    finding = _finding(control, request, is_closing=is_closing)
    return CheckResult(
        code=control.code,
        label=control.label,
        level=control.level,
        outcome=finding.outcome,
        message=f"{control.label}: {finding.message}",
        unit=finding.unit,
        value=finding.value,
        soft=finding.soft,
        hard=finding.hard,
        before=finding.before,
        after=finding.after,
    )


def _finding(control: Control, request: GateRequest, *, is_closing: bool) -> Finding:
    if why := _unasked(control, request, is_closing=is_closing):
        return passed(why)
    try:
        finding = control.check(request)
    except DeskError as error:
        return Finding(Outcome.ERROR, error.message)
    except Exception as error:  # noqa: BLE001 a control that fails for whatever reason must refuse, not pass
        return Finding(Outcome.ERROR, f"The check could not be made ({type(error).__name__}).")
    is_block = finding.outcome in (Outcome.SOFT_BLOCK, Outcome.HARD_BLOCK)
    if is_closing and is_block and control.scope is Scope.CLOSING_WARNED:
        return replace(finding, outcome=Outcome.WARN)
    return finding


def _unasked(control: Control, request: GateRequest, *, is_closing: bool) -> str:
    """Return why the control does not hold this order, or nothing."""
    if is_closing and control.scope is Scope.OPENING:
        return "Does not hold an order that only closes."
    if request.awaits is not None and control.code in AT_RELEASE[request.awaits]:
        return "Asked when the order is released."
    if request.ticket.time_in_force is TimeInForce.OPG and control.code in BEFORE_THE_OPEN:
        return "Nothing is quoted before the opening auction."
    return ""


def _is_closing(request: GateRequest) -> bool:
    """Whether the order only closes; one that cannot be judged is held as an opening."""
    try:
        return only_reduces(request)
    except DeskError:
        return False


def _cash(request: GateRequest) -> Decimal:
    """Return the cash to reserve; where it cannot be told, the control of it has refused the order."""
    try:
        return cash_required(request)
    except DeskError:
        return ZERO
