# What `cmake --install` brings where. systemd looks for units, users and kernel settings below /usr/local as well.

# FILE with the program's path in it, which is that of this installation.
function(install_with_path FILE DESTINATION)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${FILE})
  file(READ ${FILE} TEXT)
  string(REPLACE "/usr/sbin/tsig-proxy" "${CMAKE_INSTALL_FULL_SBINDIR}/tsig-proxy" TEXT "${TEXT}")
  file(WRITE ${CMAKE_BINARY_DIR}/installed/${FILE} "${TEXT}")
  install(FILES ${CMAKE_BINARY_DIR}/installed/${FILE} DESTINATION ${DESTINATION})
endfunction()

set(SHARE ${CMAKE_INSTALL_DATAROOTDIR})
set(EXAMPLES ${CMAKE_INSTALL_DOCDIR}/examples)

install(TARGETS tsig-proxy RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install_with_path(etc/systemd/tsig-proxy.service lib/systemd/system)
install(FILES etc/sysusers.d/tsig-proxy.conf DESTINATION lib/sysusers.d)
install(FILES etc/sysctl.d/tsig-proxy.conf DESTINATION lib/sysctl.d)

foreach(SECTION 5 7 8)
  file(GLOB PAGES CONFIGURE_DEPENDS etc/man/*.${SECTION})
  if(PAGES)
    install(FILES ${PAGES} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${SECTION})
  endif()
endforeach()
install(FILES README.md CHANGELOG.md SECURITY.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY etc/examples/ DESTINATION ${EXAMPLES} FILES_MATCHING PATTERN *.ini)
install(DIRECTORY etc/grafana etc/kubernetes etc/prometheus DESTINATION ${EXAMPLES})
install(FILES etc/systemd/tsig-proxy.service.d/credentials.conf DESTINATION ${EXAMPLES}/systemd/tsig-proxy.service.d)
install(DIRECTORY etc/ha DESTINATION ${EXAMPLES} USE_SOURCE_PERMISSIONS)
install(FILES etc/tproxy/README.md DESTINATION ${EXAMPLES}/tproxy)
install_with_path(etc/tproxy/tsig-proxy.service.d/tproxy.conf ${EXAMPLES}/tproxy/tsig-proxy.service.d)

install(FILES etc/completions/tsig-proxy.bash DESTINATION ${SHARE}/bash-completion/completions RENAME tsig-proxy)
install(FILES etc/completions/tsig-proxy.zsh DESTINATION ${SHARE}/zsh/site-functions RENAME _tsig-proxy)
install(FILES etc/completions/tsig-proxy.fish DESTINATION ${SHARE}/fish/vendor_completions.d)
