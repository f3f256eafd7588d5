"""Fine-tuning: a training that goes on from a run's weights with new data, and what it forgets."""
