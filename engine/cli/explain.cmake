# All explanations of FOLDER, in the order of their codes, each ended by a form feed, as one C array
# of characters: FOLDER, OUTPUT, EMBED.
file(GLOB texts ${FOLDER}/GR-*.txt)
list(SORT texts)
set(INPUT ${OUTPUT}.txt)
set(NAME explain_text)
file(WRITE ${INPUT} "")
string(ASCII 12 end)
foreach(text IN LISTS texts)
  file(READ ${text} content)
  file(APPEND ${INPUT} "${content}${end}")
endforeach()
include(${EMBED})
