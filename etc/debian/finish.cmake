# Run by CPack, between installing and packing: what Debian wants otherwise than `cmake --install` does it.
cmake_minimum_required(VERSION 3.18)

set(ROOT ${CPACK_TEMPORARY_DIRECTORY})
set(DOC ${ROOT}/usr/share/doc/tsig-proxy)
if(NOT EXISTS ${DOC})
  message(FATAL_ERROR "A package for Debian takes -DCMAKE_INSTALL_PREFIX=/usr, as the preset release has it")
endif()

# Where Debian's zsh looks.
file(MAKE_DIRECTORY ${ROOT}/usr/share/zsh/vendor-completions)
file(RENAME ${ROOT}/usr/share/zsh/site-functions/_tsig-proxy ${ROOT}/usr/share/zsh/vendor-completions/_tsig-proxy)
file(REMOVE_RECURSE ${ROOT}/usr/share/zsh/site-functions)

# Where its systemd looks.
file(MAKE_DIRECTORY ${ROOT}/lib/systemd)
file(RENAME ${ROOT}/usr/lib/systemd/system ${ROOT}/lib/systemd/system)
file(REMOVE_RECURSE ${ROOT}/usr/lib/systemd)

file(RENAME ${DOC}/LICENSE ${DOC}/copyright)
file(RENAME ${DOC}/CHANGELOG.md ${DOC}/changelog)
string(TIMESTAMP NOW "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${DOC}/changelog.Debian "tsig-proxy (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * Built from its sources; changelog.gz says what is new.

 -- ${CPACK_PACKAGE_CONTACT}  ${NOW}
")
file(GLOB MANUALS ${ROOT}/usr/share/man/man*/*)
execute_process(COMMAND gzip -9n ${DOC}/changelog ${DOC}/changelog.Debian ${MANUALS} COMMAND_ERROR_IS_FATAL ANY)
