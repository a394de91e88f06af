"""What happens, in which order: generators and nothing else."""
