"""How fast the CSMS is: real processes, real sockets, and every figure as it was measured."""
