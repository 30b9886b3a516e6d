"""A placeOrder request, read field by field as server versions 176 to 178 lay it out."""

from dataclasses import dataclass, field

from tests.brokers.servers.tws.wire import ProtocolError, Reader

CONTRACT = (
    "conId symbol secType expiry strike right multiplier exchange primaryExchange currency localSymbol tradingClass"
)
MAIN = (
    "secIdType secId action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account openClose origin orderRef "
    "transmit parentId blockOrder sweepToFill displaySize triggerMethod outsideRth hidden"
)
ALLOCATION = "sharesAllocation discretionaryAmt goodAfterTime goodTillDate faGroup faMethod faPercentage"
MIDDLE = (
    "modelCode shortSaleSlot designatedLocation exemptCode ocaType rule80A settlingFirm allOrNone minQty percentOffset "
    "eTradeOnly firmQuoteOnly nbboPriceCap auctionStrategy startingPrice stockRefPrice delta stockRangeLower "
    "stockRangeUpper overridePercentageConstraints volatility volatilityType deltaNeutralOrderType deltaNeutralAuxPrice"
)
DELTA_NEUTRAL = (
    "deltaNeutralConId deltaNeutralSettlingFirm deltaNeutralClearingAccount deltaNeutralClearingIntent "
    "deltaNeutralOpenClose deltaNeutralShortSale deltaNeutralShortSaleSlot deltaNeutralDesignatedLocation"
)
TRAILING = (
    "continuousUpdate referencePriceType trailStopPrice trailingPercent scaleInitLevelSize scaleSubsLevelSize "
    "scalePriceIncrement"
)
SCALE = (
    "scalePriceAdjustValue scalePriceAdjustInterval scaleProfitOffset scaleAutoReset scaleInitPosition "
    "scaleInitFillQty scaleRandomPercent"
)
AFTER_SCALE = "scaleTable activeStartTime activeStopTime hedgeType"
CLEARING = "optOutSmartRouting clearingAccount clearingIntent notHeld deltaNeutralContract"
LATE = "algoId whatIf orderMiscOptions solicited randomizeSize randomizePrice"
ADJUSTED = (
    "adjustedOrderType triggerPrice lmtPriceOffset adjustedStopPrice adjustedStopLimitPrice adjustedTrailingAmount "
    "adjustableTrailingUnit extOperator softDollarTierName softDollarTierVal cashQty mifid2DecisionMaker "
    "mifid2DecisionAlgo mifid2ExecutionTrader mifid2ExecutionAlgo dontUseAutoPriceForHedge isOmsContainer "
    "discretionaryUpToLimitPrice usePriceMgmtAlgo duration postToAts autoCancelParent advancedErrorOverride "
    "manualOrderTime"
)
LEG = "conId ratio action exchange openClose shortSaleSlot designatedLocation exemptCode"
PEG_BENCH = (
    "referenceContractId isPeggedChangeAmountDecrease peggedChangeAmount referenceChangeAmount referenceExchangeId"
)
CONDITIONS = {1: 6, 3: 3, 4: 3, 5: 4, 6: 5, 7: 5}  # fields of each type of condition, its type and conjunction aside


@dataclass(slots=True)
class Placing:
    """What a client asked for, every field as it came."""

    order_id: int
    fields: dict[str, str] = field(default_factory=dict)
    legs: list[dict[str, str]] = field(default_factory=list)
    leg_prices: list[str] = field(default_factory=list)
    routing: list[tuple[str, str]] = field(default_factory=list)
    algo: list[tuple[str, str]] = field(default_factory=list)
    conditions: list[list[str]] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.fields[name]

    @property
    def is_combo(self) -> bool:
        return self["secType"] == "BAG"


def read(raw: list[str], version: int) -> Placing:
    """Read a request, its message id included.

    Raises:
        ProtocolError: a field is missing or left over.
    """
    fields = Reader(raw[1:])
    placing = Placing(fields.number("orderId"))
    into = placing.fields
    fields.into(into, f"{CONTRACT} {MAIN}")
    if placing.is_combo:
        _combo(fields, placing)
    fields.into(into, ALLOCATION)
    if version < 177:
        fields.into(into, "faProfile")
    fields.into(into, MIDDLE)
    if into["deltaNeutralOrderType"]:
        fields.into(into, DELTA_NEUTRAL)
    fields.into(into, TRAILING)
    if float(into["scalePriceIncrement"] or 0) > 0:
        fields.into(into, SCALE)
    fields.into(into, AFTER_SCALE)
    if into["hedgeType"]:
        fields.into(into, "hedgeParam")
    fields.into(into, CLEARING)
    if into["deltaNeutralContract"] == "1":
        fields.into(into, "dncConId dncDelta dncPrice")
    _tail(fields, placing)
    fields.end()
    return placing


def _combo(fields: Reader, placing: Placing) -> None:
    for _ in range(fields.number("legs")):
        leg: dict[str, str] = {}
        fields.into(leg, LEG)
        placing.legs.append(leg)
    placing.leg_prices = [fields.take("legPrice") for _ in range(fields.number("legPrices"))]
    placing.routing = [(fields.take("tag"), fields.take("value")) for _ in range(fields.number("routing"))]


def _tail(fields: Reader, placing: Placing) -> None:
    into = placing.fields
    fields.into(into, "algoStrategy")
    if into["algoStrategy"]:
        placing.algo = [(fields.take("tag"), fields.take("value")) for _ in range(fields.number("algoParams"))]
    fields.into(into, LATE)
    if into["orderType"] in ("PEG BENCH", "PEGBENCH"):
        fields.into(into, PEG_BENCH)
    count = fields.number("conditions")
    placing.conditions = [_condition(fields) for _ in range(count)]
    if count:
        fields.into(into, "conditionsIgnoreRth conditionsCancelOrder")
    fields.into(into, ADJUSTED)
    if into["exchange"] == "IBKRATS":
        fields.into(into, "minTradeQty")
    if into["orderType"] in ("PEG BEST", "PEGBEST"):
        fields.into(into, "minCompeteSize competeAgainstBestOffset")
    elif into["orderType"] in ("PEG MID", "PEGMID"):
        fields.into(into, "midOffsetAtWhole midOffsetAtHalf")


def _condition(fields: Reader) -> list[str]:
    kind = fields.number("conditionType")
    if kind not in CONDITIONS:
        raise ProtocolError(f"No condition has the type {kind}.")
    return [str(kind), *(fields.take("condition") for _ in range(CONDITIONS[kind]))]
