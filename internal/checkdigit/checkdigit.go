// Package checkdigit computes the digits at the end of numbers that show slips of the pen and the finger.
//
// It owns the arithmetic only: which signs stand around the digits, and how many of them there are, is for whoever issues the numbers.
package checkdigit

// quasigroup is the operation table of order 10 from H. M. Damm, Total anti-symmetrische Quasigruppen, Marburg 2004: totally anti-symmetric, with zeros in its
// diagonal.
const quasigroup = "0317598642" + "7092154863" + "4206871359" + "1750983426" + "6123045978" +
	"3674209581" + "5869720134" + "8945362017" + "9438617205" + "2581436790"

// Damm gives the check digit of digits from 0 to 9, as a number; it is 0 for digits that end in theirs, and for none. It catches every single wrong digit and every
// swap of two neighbours; of other mistakes one of ten passes. Zeros in front do not change it.
func Damm(digits string) int {
	interim := 0
	for i := range len(digits) {
		interim = int(quasigroup[10*interim+int(digits[i]-'0')] - '0')
	}
	return interim
}
