"""Let results outlive a change of code that changes none of them (`make unchanged`)."""
