"""One file a component; ``services.classifier.component.found`` picks up every module with a ``COMPONENT``."""
