/* What a flow uses of <math.h>: its elementary functions are its own. */
#pragma once
#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")
