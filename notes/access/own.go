package access

import "context"

// ChangePassword is a person's own change: the attempt is looked at as a sign-in is, with the same answers, paces and leaves,
// and uses up its code. Then the new password stands and every session of theirs is over. A new password that is ErrWeak is
// told before anything is looked at.
func (d *Door) ChangePassword(ctx context.Context, a SignInAttempt, password string) error {
	if err := CheckPassword(password); err != nil {
		return err
	}
	s, err := d.SignIn(ctx, a)
	if err != nil {
		return err
	}
	return d.SetPassword(With(ctx, s.Actor), s.Actor.Person, password)
}
