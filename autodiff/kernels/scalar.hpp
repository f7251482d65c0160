/// Functions too rare to be vectorised, of one number. The kernels call them lane by lane.
///
/// f32 is computed in f64 and f64 in long double, so results are correctly rounded but for rare ties; near the zeros of
/// lgamma and polygamma the error is that of the wider format there.
#pragma once

namespace wengert::kernels::scalar {

/// ln |Gamma(x)|; +inf at 0, -1, -2, … and at both infinities. Leaves the C library's `signgam` alone.
float lgamma(float x);
double lgamma(double x);

/// The derivative of order `order` of digamma, `order` rounded to a whole number: 0 is digamma, 1 trigamma. NaN for a
/// negative order. At 0, -1, -2, … +inf where both sides agree on it (odd orders), else NaN; digamma(0) is -inf.
///
/// Recurrence up to x >= 15 + order, then the asymptotic series (DLMF 5.15.8); for x < 0 reflection (DLMF 5.15.6).
float polygamma(float order, float x);
double polygamma(double order, double x);

/// The derivative of order `order` of sin(pi x) / (pi x), `order` rounded to a whole number; order 0 is the function.
/// Exactly 0 at whole x other than 0. NaN for a negative order.
float sinc(float order, float x);
double sinc(double order, double x);

/// a - b trunc(a / b), exactly: the sign is a's.
float fmod(float a, float b);
double fmod(double a, double b);

/// a - b floor(a / b), Python's %: the sign is b's.
float remainder(float a, float b);
double remainder(double a, double b);

}  // namespace wengert::kernels::scalar
