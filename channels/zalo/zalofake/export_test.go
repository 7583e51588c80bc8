package zalofake

// Proof and Sign are what the shared vectors are checked against; Challenge likewise.
var (
	Proof     = proofOf
	Sign      = sign
	Challenge = challengeOf
)
