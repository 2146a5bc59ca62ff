"""Test cases of the Open Charge Alliance for a CSMS, by number, over real sockets against ``csms up``."""
