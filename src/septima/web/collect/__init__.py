"""What comes by itself over HTTP: taken durably, brought to the lake exactly once."""
