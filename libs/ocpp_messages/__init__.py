"""What stations, gateways and services say to one another: OCPP actions, frames and bus messages. No I/O."""
