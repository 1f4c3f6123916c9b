"""What is studied, as tables: settings, protocols, FER2013, the catalog of backbones."""
