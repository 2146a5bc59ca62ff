"""What is known about stations of a vendor, model and firmware, and how the CSMS treats them."""
