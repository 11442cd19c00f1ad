"""The one decision core, pure: accepts versions, folds controls, decides a patient with all that follows."""
