"""Tables of what we do."""

from trading.models.algos import AlgoChild, AlgoEvent, AlgoRun, RouteScorecard
from trading.models.books import CashBalance, ClosingMark, EquityPoint, LedgerEntry, Lot, LotClose, Position
from trading.models.contingent import Hold, OrderLink, OrderList
from trading.models.corporate_actions import CorporateAction
from trading.models.executions import BookEvent, Execution, Quarantine
from trading.models.exercise import ExerciseInstruction
from trading.models.expiring import ExpiryTask
from trading.models.greek_points import GreekPoint
from trading.models.idempotency import IdempotencyKey
from trading.models.lot_choices import LotElection, LotInstruction
from trading.models.orders import Order, OrderEvent, OrderLeg, OrderRequest
from trading.models.overrides import SoftOverride
from trading.models.proposals import Approval, Mandate, Proposal
from trading.models.protocol import MarketWeek, ParameterSet, StrategyNote, WeekLabel
from trading.models.reconcile import Break, ExternalOrder, Inquiry
from trading.models.statements import BrokerBook, DayStatement

__all__ = [
    "AlgoChild",
    "AlgoEvent",
    "AlgoRun",
    "Approval",
    "BookEvent",
    "Break",
    "BrokerBook",
    "CashBalance",
    "ClosingMark",
    "CorporateAction",
    "DayStatement",
    "EquityPoint",
    "Execution",
    "ExerciseInstruction",
    "ExpiryTask",
    "ExternalOrder",
    "GreekPoint",
    "Hold",
    "IdempotencyKey",
    "Inquiry",
    "LedgerEntry",
    "Lot",
    "LotClose",
    "LotElection",
    "LotInstruction",
    "Mandate",
    "MarketWeek",
    "Order",
    "OrderEvent",
    "OrderLeg",
    "OrderLink",
    "OrderList",
    "OrderRequest",
    "ParameterSet",
    "Position",
    "Proposal",
    "Quarantine",
    "RouteScorecard",
    "SoftOverride",
    "StrategyNote",
    "WeekLabel",
]
