// Package chart writes notes into the practices' medical records, once they are closed: FHIR R4 by SMART Backend Services.
//
// It promises: a note that is to go is queued in the transaction that closes it, and waits for as long as the chart is away; a
// document is there once, however often writing it was cut off, and counts as written only when it was read back as it was meant;
// notes of one patient go in their order; a patient is never guessed, a person is asked; nothing in a chart is deleted, and what it
// holds that we do not know stays as it is.
//
// It leaves to others: what a note is (notes), keeping it (notes/record), what a practice's document says (routing), and who is
// shown what waits (console/house).
package chart
