// What a week was, or may be, for one account and underlying: the protocol's eleven types, said.

const SAID = {
  "P-EW": "Put expires worthless", "P-AWL": "Put assigned within the limit", "P-RO": "Put rolled", "P-AOL": "Put assigned over the limit", "P-DD": "Deep drawdown",
  "C-WAP": "Called away", "C-WAP+": "Called away after a strong rise", "C-PNO": "Call expires, premium kept", "C-RO": "Call rolled down", "C-REC": "Recovery", "W-IDL": "Idle",
};

export const weekType = (code) => (SAID[code] ? `${SAID[code]} (${code})` : code);
export const weekTypeShort = (code) => SAID[code] ?? code;
