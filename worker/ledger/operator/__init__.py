"""Actions of people: dead letters and their repair, interventions, audit."""
