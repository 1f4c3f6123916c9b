"""What is studied: the settings of params.yaml, FER2013, the catalog of backbones, protocols."""
