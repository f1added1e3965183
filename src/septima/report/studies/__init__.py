"""What a model found, arranged once for the terminal, the page and the workbook."""
