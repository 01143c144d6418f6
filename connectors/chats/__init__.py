"""Helpers that chat platforms share: channels and their rules, facts about a message, Teams activities."""
