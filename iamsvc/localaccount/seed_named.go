package localaccount

import (
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"
)

// principals are the users that Keydesk and other clients of this account sign as.
func (s *seeder) principals() {
	for _, name := range []string{keydeskUser, operatorUser, readOnlyUser} {
		u := s.add(name, "/", 120)
		u.Attached = []string{principalPolicy(name)}
		u.tag("Owner", "Keydesk")
		u.describe(s.key(u, 20, statusActive, usage{}), "Embedded account - made by Keydesk itself")
	}
}

// automation are programs, each of them a case that a list of access keys must be able to show.
func (s *seeder) automation() {
	rotating := s.service("ci-deploy-prod", "/apps/", 900, "Platform", "Deployments")
	rotating.describe(s.key(rotating, 365, statusActive, s.usedMinutesAgo(18, "eu-west-1", "ecs")), "Old key - being rotated out")
	rotating.describe(s.key(rotating, 2, statusActive, s.used(1, "eu-west-1", "ecr")), "New key - rotation started")

	three := s.service("terraform-runner", "/", 1400, "Platform", "Operations")
	s.key(three, 731, statusActive, s.used(366, "us-east-1", "sts"))
	s.key(three, 181, statusInactive, s.used(179, "us-east-1", "ec2"))
	s.key(three, 30, statusActive, s.usedMinutesAgo(42, "eu-central-1", "ec2"))

	ancient := s.service("backup-agent", "/", 3050, "Storage", "Operations")
	ancient.describe(s.key(ancient, 3000, statusActive, s.used(0, "N/A", "s3")), "Nightly backup to the archive bucket")

	billing := s.service("billing-export", "/finance/", 800, "Finance", "Billing")
	s.key(billing, 400, statusInactive, s.used(365, "us-east-1", "ce"))
	s.key(billing, 89, statusActive, s.used(30, "us-east-1", "s3"))
	billing.tag("CostCenter", "")

	leaked := s.service("dev-sandbox-bot", "/", 210, "Développement", "Developers")
	leaked.Attached = []string{quarantinePolicy}
	leaked.describe(s.key(leaked, 60, statusActive, s.usedMinutesAgo(6, "ap-southeast-1", "ec2")), "Found in a public repository")

	legal := s.service("svc+deploy=prod,eu.west@corp_1-x", "/apps/payments/", 500, "Payments", "Deployments")
	s.key(legal, 91, statusActive, s.used(45, "eu-west-1", "sqs"))

	long := s.service("svc-data-warehouse-nightly-reconciliation-and-export-eu-west-1-a", "/R&D/", 365, "データ基盤", "DataScience")
	s.key(long, 90, statusActive, usage{})

	unused := s.service("svc-legacy-ftp-bridge", "/", 2600, "Storage", "Operations")
	s.key(unused, 730, statusActive, usage{})
	s.key(unused, 730, statusInactive, usage{})

	s.mailer()
}

// mailer has every other kind of credential and no access key.
func (s *seeder) mailer() {
	u := s.service("svc-git-mirror", "/apps/", 420, "Platform", "Developers")
	u.SSHKeys = []sshPublicKey{{s.id("APKA"), statusActive, s.ago(300)}, {s.id("APKA"), statusInactive, s.ago(410)}}
	s.serviceCredential(u, "codecommit.amazonaws.com", 200, statusActive)
	s.serviceCredential(u, "cassandra.amazonaws.com", 31, statusInactive)
	s.certificate(u, 380, statusActive)
}

func (s *seeder) service(name, path string, days int, team, group string) *user {
	u := s.add(name, path, days)
	u.Groups = []string{group}
	u.tag("Owner", team)
	u.tag("Contact", "team-"+group+"@example.com")
	u.tag("Team", team)
	return u
}

func (s *seeder) serviceCredential(u *user, service string, days int, status string) {
	u.ServiceCredentials = append(u.ServiceCredentials, serviceCredential{
		ID: s.id("ACCA"), ServiceName: service, UserName: u.Name + "-at-" + s.account, Status: status, Created: s.ago(days)})
}

// certificate adds a signing certificate that is a real one, because clients parse it.
func (s *seeder) certificate(u *user, days int, status string) {
	var private [ed25519.SeedSize]byte
	_, _ = s.bytes.Read(private[:]) // the generator does not end
	key := ed25519.NewKeyFromSeed(private[:])
	from := s.ago(days)
	template := &x509.Certificate{SerialNumber: big.NewInt(int64(days)), Subject: pkix.Name{CommonName: u.Name},
		NotBefore: from, NotAfter: from.Add(10 * 365 * day)}
	der, err := x509.CreateCertificate(s.bytes, template, template, key.Public(), key)
	if err != nil {
		panic(err) // nothing in the template depends on the machine
	}
	body := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	u.Certificates = append(u.Certificates, signingCertificate{s.id("") + s.id("")[:15], string(body), status, from})
}

// characters are people who each stand for a case.
func (s *seeder) characters() {
	documented := s.person("mateo.jackson", "/", 640, "Developers")
	s.password(documented, 61, s.ago(0))
	s.virtualMFA(documented)
	key := s.key(documented, 59, statusActive, s.usedMinutesAgo(95, "us-east-1", "iam"))
	documented.rename(key, "AKIAIOSFODNN7EXAMPLE")
	documented.tag("AKIAIOSFODNN7EXAMPLE", "Laptop - command line")

	retired := s.person("nikki.wolf", "/", 1100, "Contractors")
	key = s.key(retired, 366, statusInactive, s.used(364, "us-west-2", "s3"))
	retired.rename(key, "AKIAI44QH8DHBEXAMPLE")

	administrator := s.person("ana.carolina.silva", "/", 2900, "Administrators")
	s.password(administrator, 29, s.now.Add(-25*time.Minute))
	administrator.MFADevices = []mfaDevice{{"GAHT" + "20481536", s.ago(700)}}
	administrator.Attached = []string{"AdministratorAccess", "Billing"}

	keyed := s.person("saanvi.sarkar", "/R&D/", 365, "DataScience")
	s.password(keyed, 180, s.ago(1))
	keyed.MFADevices = []mfaDevice{{"arn:aws:iam::" + s.account + ":u2f/user/" + keyed.Name + "/YubiKey-" + s.id("")[:12], s.ago(170)}}
	s.key(keyed, 31, statusActive, s.used(29, "eu-north-1", "sagemaker"))

	careless := s.person("Jorge.Souza", "/", 800, "Support")
	s.password(careless, 780, s.ago(2))
	s.key(careless, 364, statusActive, s.used(179, "us-east-1", "s3"))
	careless.Boundary = managedPolicyARN("PowerUserAccess")

	absent := s.person("li.juan", "/", 179, "ReadOnly")
	s.password(absent, 179, time.Time{})
	absent.Password.ResetRequired = true

	signer := s.person("wei.zhang", "/finance/", 1500, "Billing")
	s.password(signer, 365, s.ago(90))
	s.certificate(signer, 900, statusInactive)
	s.certificate(signer, 100, statusActive)
	signer.tag("Büro", "Zürich")

	newcomer := s.person("zoe.mueller", "/", 0, "Developers")
	newcomer.tag("Name", "Zoë Müller")
	s.key(newcomer, 0, statusActive, usage{})
	newcomer.Policies = []inlinePolicy{{"OwnAccessKeys", ownKeysPolicy}}
}

// ownKeysPolicy lets a person manage the own keys and nothing else (IAM User Guide).
const ownKeysPolicy = `{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Action": ["iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:GetAccessKeyLastUsed", "iam:GetUser", "iam:ListAccessKeys", "iam:TagUser", "iam:UpdateAccessKey"],
    "Resource": "arn:aws:iam::*:user/${aws:username}"
  }
}`
