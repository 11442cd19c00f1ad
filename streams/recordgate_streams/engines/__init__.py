"""What runs a lane: fetch records, hand a batch to the lane, acknowledge."""
