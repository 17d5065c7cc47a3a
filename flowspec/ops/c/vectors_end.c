#undef dense
#undef several
#undef Vector
#undef Part
#undef OUTPUTS
#undef COLUMNS
#undef PART
#undef WIDTH
