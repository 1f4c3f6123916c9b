"""What is studied, as tables: FER2013, the catalog of backbones, and the settings."""
