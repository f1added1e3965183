"""The catalogue of metrics and each metric's page: chart, slices, annotations, exports, subscriptions."""
