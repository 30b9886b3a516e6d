"""At what level an adapter stands now."""

from datetime import datetime

from brokers.certification.levels import Level, digest_of
from brokers.models import Certification


def standing(broker: str, *, now: datetime) -> Certification | None:
    """Return the highest report that still holds: passed, not expired, and of the adapter as it is in this program."""
    holding = Certification.objects.filter(
        broker=broker, is_passed=True, expires_at__gt=now, adapter_digest=digest_of(broker)
    )
    return max(holding, key=lambda report: (Level(report.level).rank, report.finished_at), default=None)


def level_of(broker: str, *, now: datetime) -> Level | None:
    """Return the level, or None if nothing holds."""
    report = standing(broker, now=now)
    return None if report is None else Level(report.level)


def last(broker: str) -> Certification | None:
    """Return the newest report, whatever it says."""
    return Certification.objects.filter(broker=broker).order_by("-finished_at", "-id").first()


def report_row(report: Certification | None) -> dict[str, object] | None:
    """Return a report as it travels."""
    if report is None:
        return None
    return {
        "level": report.level,
        "is_passed": report.is_passed,
        "finished_at": report.finished_at.isoformat(),
        "expires_at": report.expires_at.isoformat(),
        "certified_by": report.certified_by,
        "adapter_digest": report.adapter_digest[:12],
        "findings": report.findings,
    }
