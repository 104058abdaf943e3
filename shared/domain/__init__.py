"""Values of customer service that two services share. Pure: no I/O, no clock, no framework but pydantic."""
