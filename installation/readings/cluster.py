"""What is measured of engines that play elsewhere: declared here, said by the cluster's guest."""

from __future__ import annotations

from installation.readings.register import told

_NTP = "NTP's on-wire protocol, RFC 5905"
OFFSET = told(
    "/reading/cluster/offset",
    unit="ms",
    low=-20.0,
    high=20.0,
    doc="How far the clock of another machine is ahead, the one that is furthest off.",
    source=_NTP,
)
DRIFT = told(
    "/reading/cluster/drift",
    unit="ppm",
    low=-50.0,
    high=50.0,
    doc="How much faster that clock runs.",
    source="Theil 1950, Sen 1968",
)
WAY = told("/reading/cluster/way", unit="ms", high=100.0, doc="How old the last picture was when it arrived.")
LATE = told("/reading/cluster/late", unit="pictures", high=100.0, doc="Pictures that came too late for their moment.")
