"""Pay a customer back."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from domain.errors import ConflictError, StorageError

if TYPE_CHECKING:
    from domain.ports import RefundLedger
    from domain.refund import RefundCase

logger = logging.getLogger(__name__)


def issue_refund(case: RefundCase, *, ledger: RefundLedger) -> dict[str, str]:
    """Return `done` and the receipt, `retry`, or `refused` if the case was paid for something else.

    A second run pays nothing and answers the same receipt, since the key of the refund is made of the case.
    """
    facts = {"instance_id": case.case_id}
    try:
        receipt = ledger.pay_back(
            key=f"refund:{case.case_id}", order_id=case.order_id, amount=case.amount, currency=case.currency
        )
    except StorageError:
        logger.warning("refund could not be booked", extra=facts)
        return {"outcome": "retry"}
    except ConflictError:
        logger.error("refund key stands for another refund", extra=facts)  # noqa: TRY400  the trace would hold its facts
        return {"outcome": "refused"}
    logger.info("refund issued", extra=facts | {"receipt": receipt})
    return {"outcome": "done", "receipt": receipt}
