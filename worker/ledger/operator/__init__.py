"""What a person does: dead letters and their repair, interventions, audit."""
