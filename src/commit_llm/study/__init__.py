"""Studies: arms times seeds times languages, trained, evaluated and compared by what the other rooms do."""
