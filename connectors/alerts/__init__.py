"""Helpers that kinds of alert sources share: alerts with labels, Alertmanager's API, Amazon SNS."""
