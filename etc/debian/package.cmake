# A package for Debian, of what etc/install.cmake installs: `cpack -G DEB` in the folder of a build with the prefix /usr.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The tsig-proxy authors <maintainers@tsig-proxy.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
# No fewer rights than dpkg wants, whatever the umask is.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
    WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "nftables, iproute2")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "TSIG for DNS servers that know none")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"tsig-proxy stands between a DNS primary that knows no TSIG (RFC 8945) and
secondaries that insist on it, or the other way round: it signs and verifies
zone transfers and NOTIFYs on their way through, beside one of the servers, on
a host of its own, or unseen on the path between them.

It holds no zone and keeps nothing on disk.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_SOURCE_DIR}/etc/debian/postinst ${CMAKE_SOURCE_DIR}/etc/debian/prerm ${CMAKE_SOURCE_DIR}/etc/debian/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/etc/debian/finish.cmake)

include(CPack)
