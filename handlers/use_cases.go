package handlers

// useCase is one choice of step 1 of creating an access key, in the console's
// words.
type useCase struct {
	value, label, text string
	alternatives       []string
}

// useCaseOther is the one without an alternative. Administrators who create
// keys for others choose it (IAM User Guide, managing access keys).
const useCaseOther = "other"

var useCases = []useCase{
	{"cli", "Command Line Interface (CLI)",
		"You plan to use this access key to enable the AWS CLI to access your AWS account.",
		[]string{
			"Use AWS CLI V2 and the aws login command to use your existing console credentials in the CLI.",
			"Use AWS CloudShell, a browser-based CLI, to run commands.",
			"Use the AWS CLI V2 and enable authentication through a user in IAM Identity Center.",
		}},
	{"local", "Local code",
		"You plan to use this access key to enable application code in a local development environment to access your AWS account.",
		[]string{"Use an Integrated Development Environment (IDE) which supports the AWS Toolkit enabling authentication through IAM Identity Center."}},
	{"compute", "Application running on an AWS compute service",
		"You plan to use this access key to enable application code running on an AWS compute service like Amazon EC2, Amazon ECS, or AWS Lambda to access your AWS account.",
		[]string{"Assign an IAM role to compute resources like EC2 instances or Lambda functions to automatically supply temporary credentials to enable access."}},
	{"third-party", "Third-party service",
		"You plan to use this access key to enable access for a third-party application or service that monitors or manages your AWS resources.",
		[]string{"As a best practice, use temporary security credentials (IAM roles) instead of creating long-term credentials like access keys, and don't create AWS account root user access keys."}},
	{"outside", "Application running outside AWS",
		"You plan to use this access key to authenticate workloads running in your data center or other infrastructure outside of AWS that needs to access your AWS resources.",
		[]string{"Use IAM Roles Anywhere to generate temporary security credentials for non AWS workloads accessing AWS services."}},
	{useCaseOther, "Other", "Your use case is not listed here.",
		[]string{
			"Never store your access key in plain text, in a code repository, or in code.",
			"Disable or delete access key when no longer needed.",
			"Enable least-privilege permissions.",
			"Rotate access keys regularly.",
		}},
}
