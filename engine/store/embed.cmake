# Turns a text file into a C array of characters, ended by a zero: INPUT, OUTPUT, NAME.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1', " bytes "${bytes}")
string(REGEX REPLACE "(([^,]*, )([^,]*, )([^,]*, )([^,]*, )([^,]*, )([^,]*, )([^,]*, )([^,]*, ))"
       "\\1\n    " bytes "${bytes}")
file(WRITE ${OUTPUT}
     "/* Made from a file by embed.cmake. */\nstatic const char ${NAME}[] = {\n    ${bytes}0};\n")
