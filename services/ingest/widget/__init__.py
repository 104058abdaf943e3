"""The chat widget for web sites, and its demo page: plain files, handed out as they are."""
