"""Jobs of stations: updates of firmware and uploads of logs, their progress and outcome."""
