"""One module for each message, event and result that onboarding consumes."""
