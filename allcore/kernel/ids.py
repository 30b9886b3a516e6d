"""Ids that we mint."""

import base64
import hashlib

CL_ORD_ID_LENGTH = 20  # the shortest that a supported broker takes (E*TRADE), letters and digits


def mint_cl_ord_id(origin: str) -> str:
    """Return the ClOrdID of what `origin` names: the same origin gives the same id, so it cannot be ordered twice."""
    digest = hashlib.sha256(origin.encode()).digest()
    return base64.b32encode(digest).decode()[:CL_ORD_ID_LENGTH]
