"""What is studied, as tables: the settings of params.yaml, FER2013, the catalog of backbones."""
