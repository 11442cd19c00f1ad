"""The two ways out: the patient's view and the practice's review queue. Decides nothing; imports no rule."""
