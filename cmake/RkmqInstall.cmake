# SPDX-License-Identifier: Apache-2.0
# Install rules, package config and pkg-config file: see tests/install.
