package views

// wizardSteps are the steps of creating an access key, with the console's
// titles; current counts from 1.
func wizardSteps(current int) []Step {
	steps := []Step{
		{Title: "Access key best practices & alternatives"},
		{Title: "Set description tag", Optional: true},
		{Title: "Retrieve access keys"},
	}
	for i := range steps {
		switch {
		case i+1 < current:
			steps[i].State = "done"
		case i+1 == current:
			steps[i].State = "current"
		}
	}
	return steps
}
