# SPDX-License-Identifier: Apache-2.0
# cmake -D FROM=file -D TO=file.c -D NAME=identifier -P RkmqEmbed.cmake: the bytes of a file as a C array; see rkmq_embed.
file(READ ${FROM} hex HEX)
string(LENGTH "${hex}" n_digits)
math(EXPR n "${n_digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${TO}
     "#include <stddef.h>\n\nextern const unsigned char ${NAME}[];\nextern const size_t ${NAME}_bytes;\n"
     "const unsigned char ${NAME}[] = {\n${bytes}};\nconst size_t ${NAME}_bytes = ${n};\n")
